/**
 * Machine code for x86-64 with AVX2, written at run time: an assembler of the few instructions that
 * kernels need, and the memory that their code runs in. It knows nothing of tensors.
 *
 * <p>Why not leave it to the just-in-time compiler: docs/design/0017.
 */
package io.tidemill.device.cpu.x86;
