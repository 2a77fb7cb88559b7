type Tasks<T extends readonly unknown[]> = { readonly [K in keyof T]: (signal: AbortSignal) => Promise<T[K]> };

/**
 * Run tasks at the same time. Each gets a signal that is aborted with `signal`, or when another task fails, and then rejects with
 * its reason. Every task is awaited, so none continues after the call. @throws the error that tasks in sequence would have thrown:
 * of several failures, the first one in the list
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
