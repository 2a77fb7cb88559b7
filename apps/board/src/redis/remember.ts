/**
 * Return a function that caches the result of `read` for `ms`. All callers share the result and a read in progress. A failed read
 * is not cached.
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
