/** Wait until the promise is settled, for `ms` at most; the work itself continues. @returns whether it was settled in time. */
export async function within(promise: Promise<unknown>, ms: number): Promise<boolean> {
  const settled = promise.then(
    () => true,
    () => true,
  );
  return valueWithin(settled, ms, () => false);
}

/**
 * Return the promise's value, or the result of `late` if the promise takes longer than `ms`. The work itself continues, and a later
 * rejection is ignored. @throws the promise's rejection within that time, or the error that `late` throws
 */
export async function valueWithin<T, L>(promise: Promise<T>, ms: number, late: () => L): Promise<T | L> {
  const timeout = Promise.withResolvers<"late">();
  const timer = setTimeout(() => timeout.resolve("late"), Math.max(0, ms));
  const value = promise.then((found) => ({ found }));
  try {
    const first = await Promise.race([value, timeout.promise]);
    return first === "late" ? late() : first.found;
  } finally {
    clearTimeout(timer);
  }
}
