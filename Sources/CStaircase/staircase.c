#include "CStaircase.h"
