/**
 * Return the flags of a Node process that does little: a small heap, and no worker threads of V8. No flag may change V8's own hash of its
 * flags, such as one about snapshots: V8 would then compile Node's modules at each start instead of reading their compiled code. Pure.
 * @param heapMb limit of the heap
 */
export function smallNode(heapMb: number): string[] {
  return ["--max-semi-space-size=1", `--max-old-space-size=${heapMb}`, "--v8-pool-size=0"];
}
