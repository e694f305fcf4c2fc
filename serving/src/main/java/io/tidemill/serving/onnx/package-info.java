/**
 * Models in ONNX files, computed by ONNX Runtime on the CPU; nothing else here knows that library.
 *
 * <p>Reading order: {@link io.tidemill.serving.onnx.OnnxModel}, OnnxSignature, TritonConfig,
 * TextFormat. Decisions: docs/design/0015-onnx-models.md.
 */
package io.tidemill.serving.onnx;
