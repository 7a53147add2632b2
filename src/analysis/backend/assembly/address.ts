/** Where the entry of a float32 or int32 array is. */
// @ts-ignore: decorators of AssemblyScript
@global @inline
function at(base: usize, index: i32): usize {
  return base + (<usize>index << 2);
}
