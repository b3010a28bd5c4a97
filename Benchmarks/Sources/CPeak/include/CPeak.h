#ifndef MADE_PEAK_H
#define MADE_PEAK_H

/// Seconds of processor time that this process has used.
double processor_seconds(void);

/// Multiply-adds a second of one core, single precision, widest registers that there are, operands in registers.
double peak_multiply_adds_per_second(void);

#endif
