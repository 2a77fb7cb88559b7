/** `950`, `12.3k`, `4.1M`: tokens, where the exact number tells nobody more. */
export function short(amount: number): string {
  if (amount < 1000) return String(Math.round(amount));
  const [size, unit] = amount < 999_950 ? [1000, "k"] : [1_000_000, "M"];
  const value = amount / size;
  return `${value < 99.95 ? value.toFixed(1).replace(/\.0$/, "") : Math.round(value)}${unit}`;
}
