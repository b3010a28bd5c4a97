// All kernels of one instruction set, from the lanes and tiles that its file has defined.
#include "bernoulli.h"
#include "mixed.h"
#include "mixture_gradient.h"
#include "multiply.h"
#include "product.h"
#include "random.h"
#include "sampling.h"
#include "shift.h"
#include "training.h"

#define KERNELS \
    .multiply = multiply, .multiply_sparse = multiply_sparse, .shift = shift, .activate = activate, .add = add, \
    .encode = encode, .log_likelihood = log_likelihood, .surprisals = surprisals, \
    .mixed_log_likelihood = mixed_log_likelihood, .mixed_surprisals = mixed_surprisals, .uniforms = uniforms, \
    .sample = sample, .multiply_matrices = multiply_matrices, .squares = squares, .adam_step = adam_step, \
    .mixture_gradient = mixture_gradient, .softmax_gradient = softmax_gradient
