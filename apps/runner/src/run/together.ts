type Tasks<T extends readonly unknown[]> = { readonly [K in keyof T]: (signal: AbortSignal) => Promise<T[K]> };

/**
 * Run tasks at the same time. Each gets a signal that is aborted when `signal` is, or when another one has failed, and then rejects
 * with its reason. Every task is waited for, whatever happens: nothing continues behind the caller's back. @throws what would have
 * been thrown if they had run one after the other: of more than one failure, that of the first in the list
 */
export async function together<const T extends readonly unknown[]>(signal: AbortSignal, tasks: Tasks<T>): Promise<T> {
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  const settled = await Promise.allSettled(
    tasks.map(async (task) => {
      try {
        return await task(either);
      } catch (error) {
        failed.abort(error);
        throw error;
      }
    }),
  );
  return settled.map((result) => {
    if (result.status === "rejected") throw result.reason;
    return result.value;
  }) as unknown as T;
}
