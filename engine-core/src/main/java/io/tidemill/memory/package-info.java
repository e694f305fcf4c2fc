/** Memory and functions of the operating system, outside the heap. */
package io.tidemill.memory;
