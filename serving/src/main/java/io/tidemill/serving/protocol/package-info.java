/**
 * The Open Inference Protocol V2 as JSON: bytes to tensors and back. Knows no HTTP and no threads.
 *
 * @see <a href="https://github.com/kserve/open-inference-protocol">Open Inference Protocol</a>
 */
package io.tidemill.serving.protocol;
