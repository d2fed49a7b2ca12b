#include "CHull.h"
int chull_test(void){return 1;}
