/** First output position whose input position `o * stride + offset` is not negative. */
// @ts-ignore: decorators of AssemblyScript
@global @inline
function firstInside(offset: i32, stride: i32): i32 {
  return offset >= 0 ? 0 : (stride - 1 - offset) / stride;
}

/** One more than the last of `outSize` output positions whose input position `o * stride + offset` is below `size`. */
// @ts-ignore: decorators of AssemblyScript
@global @inline
function endInside(offset: i32, stride: i32, size: i32, outSize: i32): i32 {
  if (offset + (outSize - 1) * stride < size) return outSize;
  return offset >= size ? 0 : (size - 1 - offset) / stride + 1;
}
