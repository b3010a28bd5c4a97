internal import MADE
