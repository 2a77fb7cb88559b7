/**
 * Wait for a promise until the signal is aborted. Only the caller stops waiting: the work itself continues, because other callers
 * may wait for it, or because it does not read the signal. @throws the signal's reason
 */
export async function abortable<T>(pending: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return pending;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([pending, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
