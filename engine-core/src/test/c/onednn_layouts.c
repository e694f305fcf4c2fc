/*
 * What oneDNN costs on one core, by memory layout: the figures of docs/benchmarks/onednn-layouts.md.
 *
 * Build and run: see that page. Each line is the median and the least of the repetitions, in
 * microseconds of this thread's CPU time a call (so others on the machine disturb little), with
 * the implementation that oneDNN chose. "plain" is what the arena holds
 * (activations NHWC, weights HWIO); "any" lets oneDNN choose, and the reorders that this costs are
 * timed on lines of their own.
 */
#include <dnnl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define REPETITIONS 15
#define REPETITION_NS 20e6
#define CHECK(call) check((call), #call, __LINE__)

static dnnl_engine_t engine;
static dnnl_stream_t stream;

static void check(dnnl_status_t status, const char *call, int line) {
  if (status != dnnl_success) {
    fprintf(stderr, "line %d: status %d from %s\n", line, (int)status, call);
    exit(1);
  }
}

static double now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return t.tv_sec * 1e9 + t.tv_nsec;
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

typedef void (*call_t)(void *);

static double measure(const char *what, call_t call, void *with, const char *note) {
  double times[REPETITIONS];
  call(with);
  double start = now_ns();
  call(with);
  int calls = 1 + (int)(REPETITION_NS / (1 + now_ns() - start));
  for (int i = 0; i < REPETITIONS; i++) {
    start = now_ns();
    for (int j = 0; j < calls; j++) call(with);
    times[i] = (now_ns() - start) / calls / 1e3;
  }
  qsort(times, REPETITIONS, sizeof(double), ascending);
  printf("%-58s %10.1f %10.1f  %s\n", what, times[REPETITIONS / 2], times[0], note);
  fflush(stdout);
  return times[REPETITIONS / 2];
}

/* A primitive with its arguments. */
typedef struct {
  dnnl_primitive_t primitive;
  dnnl_exec_arg_t args[8];
  int count;
} bound_t;

static void execute(void *with) {
  bound_t *b = with;
  CHECK(dnnl_primitive_execute(b->primitive, stream, b->count, b->args));
}

static dnnl_memory_t memory(const_dnnl_memory_desc_t md) {
  dnnl_memory_t m;
  size_t bytes = dnnl_memory_desc_get_size(md);
  void *data = aligned_alloc(64, (bytes + 63) / 64 * 64 + 64);
  for (size_t i = 0; i < bytes / 4; i++) ((float *)data)[i] = (float)((i * 7919) % 1000) / 1000 - 0.5f;
  CHECK(dnnl_memory_create(&m, md, engine, data));
  return m;
}

static const char *impl(const_dnnl_primitive_desc_t pd) {
  const char *name = "?";
  dnnl_primitive_desc_query(pd, dnnl_query_impl_info_str, 0, &name);
  return name;
}

static void time_primitive(const char *what, dnnl_primitive_desc_t pd, const int *ids,
                           const dnnl_query_t *queries, const int *indices, int count) {
  bound_t b = {.count = count};
  for (int i = 0; i < count; i++) {
    b.args[i].arg = ids[i];
    b.args[i].memory = memory(dnnl_primitive_desc_query_md(pd, queries[i], indices ? indices[i] : 0));
  }
  CHECK(dnnl_primitive_create(&b.primitive, pd));
  measure(what, execute, &b, impl(pd));
  for (int i = 0; i < count; i++) {
    void *data;
    dnnl_memory_get_data_handle(b.args[i].memory, &data);
    dnnl_memory_destroy(b.args[i].memory);
    free(data);
  }
  dnnl_primitive_destroy(b.primitive);
}

static void time_reorder(const char *what, const_dnnl_memory_desc_t from, const_dnnl_memory_desc_t to) {
  if (dnnl_memory_desc_equal(from, to)) return;
  dnnl_primitive_desc_t pd;
  CHECK(dnnl_reorder_primitive_desc_create(&pd, from, engine, to, engine, NULL));
  time_primitive(what, pd, (int[]){DNNL_ARG_FROM, DNNL_ARG_TO},
                 (dnnl_query_t[]){dnnl_query_src_md, dnnl_query_dst_md}, NULL, 2);
  dnnl_primitive_desc_destroy(pd);
}

static dnnl_memory_desc_t desc(int rank, const dnnl_dims_t dims, const dnnl_dims_t strides,
                               dnnl_data_type_t type) {
  dnnl_memory_desc_t md;
  if (strides)
    CHECK(dnnl_memory_desc_create_with_strides(&md, rank, dims, type, strides));
  else
    CHECK(dnnl_memory_desc_create_with_tag(&md, rank, dims, type, dnnl_format_tag_any));
  return md;
}

static dnnl_memory_desc_t image(int n, int h, int c, int relabel) {
  dnnl_dims_t dims = {n, c, h, h};
  dnnl_dims_t nhwc = {(long)h * h * c, 1, (long)h * c, c};
  dnnl_dims_t nchw = {(long)h * h * c, (long)h * h, h, 1};
  return desc(4, dims, relabel ? nchw : nhwc, dnnl_f32);
}

static dnnl_memory_desc_t any_image(int n, int h, int c) {
  return desc(4, (dnnl_dims_t){n, c, h, h}, NULL, dnnl_f32);
}

static dnnl_memory_desc_t kernel(int k, int in, int out, int any) {
  dnnl_dims_t hwio = {1, out, (long)k * in * out, (long)in * out};
  return desc(4, (dnnl_dims_t){out, in, k, k}, any ? NULL : hwio, dnnl_f32);
}

/*
 * Variants: p all plain; w weights any; a all any; q and r as p and w, but a source of one channel
 * is called NCHW, which lies the same; b and B as r and p, with bias and relu in the same pass.
 */
static void convolution(int n, int h, int in, int k, int out, char variant) {
  int oh = h - k + 1;
  int any_weights = variant == 'w' || variant == 'a' || variant == 'r' || variant == 'b';
  int relabel = variant == 'r' || variant == 'q' || (variant == 'b' && in == 1);
  int any = variant == 'a';
  dnnl_memory_desc_t src = any ? any_image(n, h, in) : image(n, h, in, relabel);
  dnnl_memory_desc_t dst = any ? any_image(n, oh, out) : image(n, oh, out, 0);
  dnnl_memory_desc_t weights = kernel(k, in, out, any_weights);
  dnnl_memory_desc_t plain_src = image(n, h, in, relabel), plain_dst = image(n, oh, out, 0);
  dnnl_memory_desc_t plain_weights = kernel(k, in, out, 0);
  dnnl_dims_t one = {1, 1}, zero = {0, 0};
  dnnl_memory_desc_t bias = desc(1, (dnnl_dims_t){out}, (dnnl_dims_t){1}, dnnl_f32);
  int fused = variant == 'b' || variant == 'B';
  dnnl_primitive_attr_t attr;
  CHECK(dnnl_primitive_attr_create(&attr));
  if (fused) {
    dnnl_post_ops_t ops;
    CHECK(dnnl_post_ops_create(&ops));
    CHECK(dnnl_post_ops_append_eltwise(ops, dnnl_eltwise_relu, 0, 0));
    CHECK(dnnl_primitive_attr_set_post_ops(attr, ops));
  }
  char what[160], name[100];
  snprintf(name, sizeof name, "conv %d x %dx%dx%d -> %d, %c", n, h, h, in, out, variant);

  dnnl_primitive_desc_t forward, data, weight;
  CHECK(dnnl_convolution_forward_primitive_desc_create(&forward, engine, dnnl_forward_training,
      dnnl_convolution_direct, src, weights, fused ? bias : NULL, dst, one, zero, zero, zero, attr));
  snprintf(what, sizeof what, "%s: forward", name);
  time_primitive(what, forward,
                 (int[]){DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST, DNNL_ARG_BIAS},
                 (dnnl_query_t[]){dnnl_query_src_md, dnnl_query_weights_md, dnnl_query_dst_md,
                                  dnnl_query_weights_md},
                 (int[]){0, 0, 0, 1}, fused ? 4 : 3);
#define MD(pd, q) dnnl_primitive_desc_query_md(pd, dnnl_query_##q##_md, 0)
  snprintf(what, sizeof what, "%s:   reorder source", name);
  time_reorder(what, plain_src, MD(forward, src));
  snprintf(what, sizeof what, "%s:   reorder weights", name);
  time_reorder(what, plain_weights, MD(forward, weights));
  snprintf(what, sizeof what, "%s:   reorder result", name);
  time_reorder(what, MD(forward, dst), plain_dst);
  if (fused) return;

  if (in > 1) {
    CHECK(dnnl_convolution_backward_data_primitive_desc_create(&data, engine,
        dnnl_convolution_direct, src, weights, dst, one, zero, zero, zero, forward, NULL));
    snprintf(what, sizeof what, "%s: input gradient", name);
    time_primitive(what, data, (int[]){DNNL_ARG_DIFF_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DIFF_DST},
                   (dnnl_query_t[]){dnnl_query_diff_src_md, dnnl_query_weights_md,
                                    dnnl_query_diff_dst_md}, NULL, 3);
    snprintf(what, sizeof what, "%s:   reorder weights", name);
    time_reorder(what, plain_weights, MD(data, weights));
    snprintf(what, sizeof what, "%s:   reorder dy", name);
    time_reorder(what, plain_dst, MD(data, diff_dst));
    snprintf(what, sizeof what, "%s:   reorder dx", name);
    time_reorder(what, MD(data, diff_src), plain_src);
  }
  CHECK(dnnl_convolution_backward_weights_primitive_desc_create(&weight, engine,
      dnnl_convolution_direct, src, weights, NULL, dst, one, zero, zero, zero, forward, NULL));
  snprintf(what, sizeof what, "%s: weight gradient", name);
  time_primitive(what, weight, (int[]){DNNL_ARG_SRC, DNNL_ARG_DIFF_WEIGHTS, DNNL_ARG_DIFF_DST},
                 (dnnl_query_t[]){dnnl_query_src_md, dnnl_query_diff_weights_md,
                                  dnnl_query_diff_dst_md}, NULL, 3);
  snprintf(what, sizeof what, "%s:   reorder dy", name);
  time_reorder(what, plain_dst, MD(weight, diff_dst));
  snprintf(what, sizeof what, "%s:   reorder dw", name);
  time_reorder(what, MD(weight, diff_weights), plain_weights);
}

static void pooling(int n, int h, int c) {
  dnnl_memory_desc_t src = image(n, h, c, 0), dst = image(n, h / 2, c, 0);
  dnnl_dims_t two = {2, 2}, zero = {0, 0};
  dnnl_primitive_desc_t forward, backward;
  char what[160];
  CHECK(dnnl_pooling_forward_primitive_desc_create(&forward, engine, dnnl_forward_training,
      dnnl_pooling_max, src, dst, two, two, zero, zero, zero, NULL));
  snprintf(what, sizeof what, "maxPool %d x %dx%dx%d: forward, workspace", n, h, h, c);
  time_primitive(what, forward, (int[]){DNNL_ARG_SRC, DNNL_ARG_DST, DNNL_ARG_WORKSPACE},
                 (dnnl_query_t[]){dnnl_query_src_md, dnnl_query_dst_md, dnnl_query_workspace_md},
                 NULL, 3);
  CHECK(dnnl_pooling_backward_primitive_desc_create(&backward, engine, dnnl_pooling_max, src, dst,
      two, two, zero, zero, zero, forward, NULL));
  snprintf(what, sizeof what, "maxPool %d x %dx%dx%d: gradient", n, h, h, c);
  time_primitive(what, backward, (int[]){DNNL_ARG_DIFF_SRC, DNNL_ARG_DIFF_DST, DNNL_ARG_WORKSPACE},
                 (dnnl_query_t[]){dnnl_query_diff_src_md, dnnl_query_diff_dst_md,
                                  dnnl_query_workspace_md}, NULL, 3);
}

typedef struct {
  char ta, tb;
  int m, n, k;
  float *a, *b, *c;
} gemm_t;

static void sgemm(void *with) {
  gemm_t *g = with;
  CHECK(dnnl_sgemm(g->ta, g->tb, g->m, g->n, g->k, 1, g->a, g->ta == 'T' ? g->m : g->k, g->b,
                   g->tb == 'T' ? g->k : g->n, 0, g->c, g->n));
}

static float *floats(long count) {
  float *f = aligned_alloc(64, (count * 4 + 63) / 64 * 64);
  for (long i = 0; i < count; i++) f[i] = (float)((i * 7919) % 1000) / 1000 - 0.5f;
  return f;
}

static dnnl_memory_desc_t matrix(int rows, int columns, int transposed, dnnl_data_type_t type) {
  return desc(2, (dnnl_dims_t){rows, columns},
              transposed ? (dnnl_dims_t){1, rows} : (dnnl_dims_t){columns, 1}, type);
}

static void product(char ta, char tb, int m, int n, int k, int any_right) {
  char what[160];
  snprintf(what, sizeof what, "product %c%c [%d,%d]x[%d,%d]", ta, tb, m, k, k, n);
  gemm_t g = {ta, tb, m, n, k, floats((long)m * k), floats((long)k * n), floats((long)m * n)};
  char line[200];
  snprintf(line, sizeof line, "%s: sgemm", what);
  double us = measure(line, sgemm, &g, "");
  printf("%58s %10.1f GFLOP/s\n", "", 2.0 * m * n * k / us / 1e3);
  free(g.a), free(g.b), free(g.c);
  dnnl_primitive_attr_t attr;
  for (int any = 0; any <= any_right; any++) {
    for (int bf16 = 0; bf16 < 2; bf16++) {
      CHECK(dnnl_primitive_attr_create(&attr));
      dnnl_data_type_t type = bf16 ? dnnl_bf16 : dnnl_f32;
      dnnl_memory_desc_t left = matrix(m, k, ta == 'T', type), right = matrix(k, n, tb == 'T', type);
      dnnl_memory_desc_t any_md = desc(2, (dnnl_dims_t){k, n}, NULL, type);
      dnnl_primitive_desc_t pd;
      CHECK(dnnl_matmul_primitive_desc_create(&pd, engine, left, any ? any_md : right, NULL,
                                              matrix(m, n, 0, dnnl_f32), attr));
      snprintf(line, sizeof line, "%s: matmul%s%s", what, any ? ", right any" : "",
               bf16 ? ", bf16" : "");
      time_primitive(line, pd, (int[]){DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST},
                     (dnnl_query_t[]){dnnl_query_src_md, dnnl_query_weights_md, dnnl_query_dst_md},
                     NULL, 3);
      dnnl_memory_desc_t right32 = matrix(k, n, tb == 'T', dnnl_f32);
      snprintf(line, sizeof line, "%s:   reorder right", what);
      time_reorder(line, right32, MD(pd, weights));
      snprintf(line, sizeof line, "%s:   reorder left", what);
      time_reorder(line, matrix(m, k, ta == 'T', dnnl_f32), MD(pd, src));
    }
  }
}

/* y = x w, w [k, n] row-major as the arena has it, or any. */
static void inner_product(int m, int n, int k, int any) {
  char what[160];
  dnnl_dims_t dims = {n, k};
  dnnl_memory_desc_t weights = desc(2, dims, any ? NULL : (dnnl_dims_t){1, n}, dnnl_f32);
  dnnl_memory_desc_t plain = desc(2, dims, (dnnl_dims_t){1, n}, dnnl_f32);
  dnnl_primitive_desc_t pd;
  CHECK(dnnl_inner_product_forward_primitive_desc_create(&pd, engine, dnnl_forward_training,
      matrix(m, k, 0, dnnl_f32), weights, NULL, matrix(m, n, 0, dnnl_f32), NULL));
  snprintf(what, sizeof what, "inner product [%d,%d]x[%d,%d]%s", m, k, k, n, any ? ", any" : "");
  time_primitive(what, pd, (int[]){DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST},
                 (dnnl_query_t[]){dnnl_query_src_md, dnnl_query_weights_md, dnnl_query_dst_md}, NULL, 3);
  time_reorder("  reorder weights", plain, MD(pd, weights));
}

int main(int argc, char **argv) {
  const char *only = argc > 1 ? argv[1] : "all";
  int all = !strcmp(only, "all");
  CHECK(dnnl_engine_create(&engine, dnnl_cpu, 0));
  CHECK(dnnl_stream_create(&stream, engine, dnnl_stream_default_flags));
  const dnnl_version_t *v = dnnl_version();
  printf("oneDNN %d.%d.%d isa %#x\n%-58s %10s %10s\n", v->major, v->minor, v->patch,
         dnnl_get_effective_cpu_isa(), "", "median us", "least us");
  int rows[] = {64, 16};
  for (int i = 0; i < 2 && (all || !strcmp(only, "conv")); i++) {
    for (const char *variant = "pqwrabB"; *variant; variant++) convolution(rows[i], 28, 1, 3, 32, *variant);
    for (const char *variant = "pwabB"; *variant; variant++) convolution(rows[i], 26, 32, 3, 64, *variant);
  }
  if (all || !strcmp(only, "pool")) pooling(64, 24, 64);
  if (all || !strcmp(only, "product")) {
    product('N', 'N', 64, 512, 784, 1);
    product('N', 'N', 64, 256, 512, 1);
    product('N', 'T', 64, 512, 256, 1);
    product('T', 'N', 784, 512, 64, 0);
    product('T', 'N', 512, 256, 64, 0);
    product('N', 'N', 128, 512, 784, 1);
    product('N', 'N', 384, 384, 128, 1);
    product('N', 'N', 384, 512, 128, 1);
    product('N', 'N', 384, 128, 512, 1);
    product('N', 'T', 384, 128, 512, 1);
    product('N', 'T', 384, 512, 128, 1);
    product('T', 'N', 128, 512, 384, 0);
    product('T', 'N', 512, 128, 384, 0);
    product('N', 'N', 64, 128, 9216, 1);
    product('N', 'T', 64, 9216, 128, 1);
    product('T', 'N', 9216, 128, 64, 0);
    for (int any = 0; any < 2; any++) {
      inner_product(64, 512, 784, any);
      inner_product(384, 512, 128, any);
      inner_product(64, 128, 9216, any);
    }
  }
  return 0;
}
