/**
 * A reading that all viewers share: at most one at a time, and none while the last one is younger than `ms`. A reading
 * that fails is not remembered.
 */
export function remember<T>(read: () => Promise<T>, { ms, now }: { ms: number; now: () => number }): () => Promise<T> {
  let last: { readonly at: number; readonly value: Promise<T> } | null = null;
  return () => {
    if (last !== null && now() - last.at < ms) return last.value;
    const fresh = { at: now(), value: read() };
    last = fresh;
    fresh.value.catch(() => {
      if (last === fresh) last = null;
    });
    return fresh.value;
  };
}
