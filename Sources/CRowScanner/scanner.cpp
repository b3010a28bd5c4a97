#include "CRowScanner.h"
#include <simdjson.h>
