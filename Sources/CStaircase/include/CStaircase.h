#ifndef MADE_STAIRCASE_H
#define MADE_STAIRCASE_H

// Products with triangular ("staircase") matrices, and what a masked autoregressive network needs around them.
//
// The units of every layer are sorted by degree, so an output sees a prefix of the inputs. Weights are packed in panels of
// 16 outputs, that stop where the last output of the panel stops seeing; an output that stops earlier has zeros from there
// on, which change nothing as long as the inputs are finite.
//
// The bit contract: every output is one chain of fused multiply-adds, in ascending input order, starting from the bias.
// No chain is ever split, so the bits of an output depend neither on the number of rows nor on a row's place among them,
// and a product computed in several pieces (`staircase_span`) has the bits of the product computed at once.
//
// An input that is 0 in all rows of a product of few rows may be left out of the chains: it would add nothing to them but a
// sign to a sum of 0.
//
// No function allocates, blocks or keeps state. Buffers may have any alignment that their element has.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STAIRCASE_PANEL = 16 };

/// Panels stand side by side in groups, 2 of floats or 4 of halves, so that an input's weights in a group fill two
/// neighbouring cache lines, which processors fetch together: bytes from one input's to the next one's.
enum { STAIRCASE_INPUT_BYTES = 128 };

/// One layer of packed weights, either floats or halves; the memory is the caller's.
typedef struct {
    /// Number of panels; outputs beyond the layer's own are padding.
    size_t panels;
    /// [panels * 16].
    const float *bias;
    /// All groups of panels, each [depth of its deepest panel][2][16]; NULL where they are halves.
    const float *weights;
    /// The same as finite binary16 numbers, each group [depth of its deepest panel][4][16].
    const uint16_t *halves;
    /// Where each panel starts in `weights` or `halves`, in numbers [panels].
    const size_t *starts;
    /// Number of inputs each panel sees, ascending [panels].
    const size_t *depths;
} staircase_layer;

/// The piece of a product that one call computes.
typedef struct {
    size_t first_panel;
    size_t end_panel;
    /// Inputs first_input ..< end_input, cut to each panel's depth.
    size_t first_input;
    size_t end_input;
    /// Start from the bias; else go on from what `y` holds.
    bool from_bias;
    /// What the sums are clamped to, once they are complete: (0, FLT_MAX) is ReLU, ±INFINITY leaves them as they are.
    float floor;
    float ceiling;
} staircase_span;

/// What rows have that another row has not.
typedef struct {
    size_t first_panel;
    size_t end_panel;
    float floor;
    float ceiling;
    /// Where each row's changes end [rows].
    const size_t *ends;
    /// The input of each change, and what is added to it.
    const uint32_t *inputs;
    const float *amounts;
} staircase_changes;

typedef enum {
    STAIRCASE_RELU,
    STAIRCASE_ELU,
    STAIRCASE_TANH,
    STAIRCASE_SIGMOID,
} staircase_activation;

typedef enum {
    STAIRCASE_BINARY,
    STAIRCASE_CATEGORICAL,
    STAIRCASE_REAL,
} staircase_kind;

/// Most Gaussians of a real variable.
enum { STAIRCASE_GAUSSIANS_MAX = 64 };

/// Outcomes of a variable that are none of its labels or of its mixture's numbers have values of their own: outcome k is
/// (k + 1) * STAIRCASE_OUTCOME. No other value is as large.
#define STAIRCASE_OUTCOME 0x1p101f

/// One variable, with the place of its units in a member's order.
typedef struct {
    staircase_kind kind;
    /// Classes of a categorical variable, Gaussians K <= STAIRCASE_GAUSSIANS_MAX of a real one, 1 of a binary one.
    uint32_t count;
    /// Outcomes S of a real variable besides the numbers of its mixture; 1 of a categorical one whose last class is outcome
    /// 0; else 0.
    uint32_t outcome_count;
    /// The first of those outcomes of a real variable.
    uint32_t first_outcome;
    /// What a real variable's first input unit is of each of them, and the number that each stands for, NaN for none
    /// [outcome_count].
    const float *outcome_inputs;
    const double *outcome_numbers;
    /// A binary value itself; one unit a class, that of the value 1 and the others 0, or those of all labels alike for a value
    /// below 0, which is no label; or a real value u clipped to ±input_bound, then one unit an outcome, that of the value 1.
    size_t first_input;
    /// A logit; one logit a class; or K logits a, K means mu, K spreads s, before them with S > 0 one logit an outcome and
    /// one for a number.
    size_t first_output;
    /// Of a real variable, whose value is u: p(u) = sum over k of softmax(a)[k] N(u; mu[k], scale_floor + log(1 + e^s[k])), of
    /// which e^-|volume_offset + volume_slope u| is the density of the number per unit of its scale; surprisal_offset turns that
    /// into one per unit of its own.
    float input_bound;
    float scale_floor;
    float volume_offset;
    float volume_slope;
    /// What every surprisal of the variable has besides: log(sqrt(2 pi)) - log(unit / scale) of a real one, of a categorical one
    /// -log(1 - p) for the probability p that is kept for labels never seen.
    float surprisal_offset;
    /// u = (t - centre) / scale, where t is the number or, with a linear_width w above 0, w sign(number) log(1 + |number| / w).
    /// Draws are such numbers: those of the support, ascending [support_count], or where that is empty multiples of
    /// step_over / step_under (a step_over of 0 rounds nothing) within minimum ... maximum.
    double centre;
    double scale;
    double linear_width;
    double step_over;
    double step_under;
    const double *support;
    size_t support_count;
    double minimum;
    double maximum;
} staircase_variable;

/// All variables of a row; the memory is the caller's.
typedef struct {
    size_t count;
    /// In the member's order [count].
    const staircase_variable *variables;
    /// The positions 0 ..< count sorted by kind, then by `count`: neighbours are computed side by side [count].
    const size_t *order;
} staircase_variables;

/// One layer of weights on its way through a pass that samples.
typedef struct {
    const staircase_layer *layer;
    /// Number of the layer's inputs of degree <= p, p in 0 ... variables.
    const size_t *ends;
    const float *x;
    size_t x_stride;
    float *y;
    size_t y_stride;
    /// What feeds it is added to its outputs.
    bool is_residual;
    /// Scratch [panels]: inputs that each group of panels has seen, and one for its bias.
    size_t *progress;
} staircase_growing_layer;

/// A pass that samples rows of one member; all columns are in the member's order.
typedef struct {
    size_t rows;
    const staircase_variables *variables;
    staircase_activation activation;
    size_t hidden_count;
    /// `hidden_count` and one, or two with direct connections, whose outputs have the output layer's stride.
    size_t layer_count;
    /// The hidden layers, the output layer, the direct connections.
    const staircase_growing_layer *layers;
    /// The values of variables that are not to be drawn, NaN of the others [rows * variables]; all rows draw the same.
    const float *evidence;
    /// 0 where all rows have the same values.
    size_t evidence_stride;
    /// Logits of binary and categorical variables, and of a mixture's weights, are multiplied by it; a Gaussian's variance is
    /// divided by it.
    float inverse_temperature;
    /// A number in (0, 1) for each value [variables][rows], scratch afterwards; 15 floats after them must be readable and
    /// writable, and keep their values. A binary value is 1 where its number is below 1 / (1 + e^-logit); a category is the
    /// first label at which the cumulative softmax reaches it, and so is a real value's Gaussian.
    float *uniforms;
    /// The same again, of which a real value is its Gaussian's quantile; it is finite. NULL without real variables.
    const float *normals;
    /// The rows [rows * variables].
    float *values;
    size_t values_stride;
    /// Their input units, what the first layer and the direct connections read; NULL where these are the values.
    float *units;
    size_t unit_stride;
} staircase_pass;

/// Columns of a product of matrices that bounds are given for together.
enum { STAIRCASE_STRIP = 32 };

/// What of a product one strip of columns needs; all else of a or b is 0 there, or nobody reads c.
typedef struct {
    size_t first_row;
    size_t first_depth;
    size_t end_depth;
} staircase_strip;

/// c [rows * columns] = a [rows * depth] b [depth * columns], or c += a b. Of the two strides of a and of b one is 1 each.
///
/// Every element of c is the sum of the depth's pieces of 256, each one chain of fused multiply-adds in ascending order from
/// 0. So what is left out of a strip because it is 0 does not change its bits.
typedef struct {
    size_t rows;
    size_t columns;
    size_t depth;
    const float *a;
    size_t a_row_stride;
    size_t a_depth_stride;
    const float *b;
    size_t b_depth_stride;
    size_t b_column_stride;
    float *c;
    size_t c_stride;
    bool adds;
    /// One a strip of columns; NULL: all is needed.
    const staircase_strip *strips;
} staircase_product;

/// The constants of one step of Adam (Kingma and Ba 2015, algorithm 1).
typedef struct {
    /// What the gradient is multiplied with first.
    float gradient_scale;
    /// 1 - beta1 and 1 - beta2: what a slope adds to the moments.
    float mean_share;
    float variance_share;
    /// The learning rate over 1 - beta1^t.
    float rate;
    /// 1 / (1 - beta2^t).
    float variance_correction;
    float epsilon;
    /// What weight decay leaves of a parameter.
    float kept;
    /// How far the step of L1 goes towards zero, and not beyond.
    float threshold;
    /// What the parameters after the step are of the average over the steps.
    float average_share;
} staircase_adam;

/// The functions of one instruction set. Strides are in floats.
typedef struct {
    const char *name;

    /// y[r, o] += sum over i of weights[o, i] * x[r, i] for `rows` rows, o over the span's panels, i over its inputs.
    void (*multiply)(
        const staircase_layer *layer, const staircase_span *span, size_t rows, const float *x, size_t x_stride,
        float *y, size_t y_stride);

    /// The same bits, for rows that have many of their zeros in common: their weights are not read.
    void (*multiply_sparse)(
        const staircase_layer *layer, const staircase_span *span, size_t rows, const float *x, size_t x_stride,
        float *y, size_t y_stride);

    /// Rows that differ from one whose sums are known: y[r, o] = from[o] + sum over row r's changes c of
    /// weights[o, inputs[c]] * amounts[c], o over panels first_panel ..< end_panel, clamped to floor ... ceiling. Row r's
    /// changes are those from ends[r - 1] (0 of the first row) to ends[r]; inputs of one row ascend.
    void (*shift)(
        const staircase_layer *layer, const staircase_changes *changes, size_t rows, const float *from, float *y,
        size_t y_stride);

    /// The activation of columns first ..< end of `rows` rows, in place. The rest of their panels, and 15 floats after the
    /// last column, must be readable and writable, and keep their values. Every result is finite, whatever the argument.
    void (*activate)(staircase_activation activation, size_t rows, float *y, size_t y_stride, size_t first, size_t end);

    /// y[r, c] += x[r, c] for columns first ..< end of `rows` rows, kept finite. The rest of their panels, and
    /// 15 floats after the last column, must be readable in both, and keep their values.
    void (*add)(
        size_t rows, const float *x, size_t x_stride, float *y, size_t y_stride, size_t first, size_t end);

    /// The input units of `count` variables one after the other, whose values start at values[r * values_stride], into
    /// each row's units: variable v's from units[r * unit_stride + variables[v].first_input] on.
    void (*encode)(
        const staircase_variable *variables, size_t count, size_t rows, const float *values, size_t values_stride,
        float *units, size_t unit_stride);

    /// Sums to [rows]: log p = sum over v of x z - log(1 + e^z) for binary x [rows * variables] and logits z + direct
    /// (`direct` may be NULL; it has z's stride). Finite for every z.
    void (*log_likelihood)(
        size_t rows, size_t variables, const float *x, size_t x_stride, const float *z, const float *direct,
        size_t z_stride, double *sums);

    /// Each variable's -log p, [rows * variables] with stride `variables`, from the same arguments.
    void (*surprisals)(
        size_t rows, size_t variables, const float *x, size_t x_stride, const float *z, const float *direct,
        size_t z_stride, float *surprisals);

    /// The same two for variables of any kind: values [rows * count] in the member's order, output units z + direct, of which
    /// 15 floats after the last must be readable. No surprisal is above 1e30 or below -1e3, whatever the outputs and values:
    /// parameters are taken within ±1e30, sigma within 1e-30 ... 1e30, distances from a mean up to 1e15 sigma.
    void (*mixed_log_likelihood)(
        const staircase_variables *variables, size_t rows, const float *values, size_t values_stride, const float *z,
        const float *direct, size_t z_stride, double *sums);
    void (*mixed_surprisals)(
        const staircase_variables *variables, size_t rows, const float *values, size_t values_stride, const float *z,
        const float *direct, size_t z_stride, float *surprisals);

    /// Uniform numbers (k + 1/2) / 2^24 of Philox 4x32-10: word w of `count` is word w % 4 of the counter
    /// (w / 4, draw's low half, draw's high half, stream), at uniforms[w * uniform_stride].
    void (*uniforms)(
        uint64_t seed, uint64_t draw, uint32_t stream, size_t count, float *uniforms, size_t uniform_stride);

    /// Draws the variables of `rows` rows one after the other, and computes what lies between.
    void (*sample)(const staircase_pass *pass);

    void (*multiply_matrices)(const staircase_product *product);

    /// The sum of the squares of `count` numbers.
    double (*squares)(size_t count, const float *numbers);

    /// One step of `count` parameters down their gradient; `means` and `variances` are the moments, `averages` those of the
    /// parameters after each step. 15 floats after each must be readable, and writable but for the gradient's, and keep their
    /// values.
    void (*adam_step)(
        const staircase_adam *adam, size_t count, float *parameters, const float *gradient, float *means,
        float *variances, float *averages);

    /// Training a mixture of `components` Gaussians (Bishop 1994, eq. 22-24, its standard deviations being
    /// floor + log(1 + e^spread)): replaces each row's outputs at z + row * z_stride, `components` logits, means and
    /// spreads, by share times the derivatives of -log p(u) by them, and writes -log p(u) to nats[row]. Where u is NaN
    /// both are 0.
    void (*mixture_gradient)(
        size_t rows, size_t components, float floor, float share, const float *u, size_t u_stride, float *z,
        size_t z_stride, float *nats);

    /// Training a softmax over `classes`: replaces each row's logits at z + row * z_stride by share times the derivatives of
    /// -log p(label) by them, and writes -log p(label) to nats[row]. Labels are whole numbers below `classes`; where one is
    /// NaN both are 0.
    void (*softmax_gradient)(
        size_t rows, size_t classes, float share, const float *labels, float *z, size_t z_stride, float *nats);
} staircase_kernels;

typedef enum {
    STAIRCASE_PORTABLE,
    STAIRCASE_AVX2,
    STAIRCASE_AVX512,
} staircase_instruction_set;

/// The functions for `set`, NULL where this processor (or build) has not got it.
const staircase_kernels *staircase_kernels_for(staircase_instruction_set set);

/// The fastest functions that this processor has.
const staircase_kernels *staircase_kernels_best(void);

#endif
