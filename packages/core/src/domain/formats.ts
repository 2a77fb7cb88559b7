/** Format a duration: `8 s`, `3 min 20 s`, `1 h 5 min`. */
export function formatDuration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Format a duration without seconds beside minutes: `8 s`, `3 min`, `1 h 5 min`, `2 d 3 h`. Never negative: clocks may differ slightly. */
export function formatRoughly(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** Format an age in one unit: `8 s`, `3 min`, `5 h`, `12 d`. Never negative: clocks may differ slightly. */
export function formatAge(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} d`;
}

/** Format an amount for a text: `$0.42`, `$0.0042` for less than 10 cents, `$1,235` without cents from 1000 dollars on. */
export function formatUsd(usd: number): string {
  if (usd === 0) return "$0";
  return usd < 1000 ? `$${usd.toFixed(usd < 0.1 ? 4 : 2)}` : `$${formatNumber(Math.round(usd))}`;
}

/** Format an amount with cents, for columns, sums and limits: `$0.42`. */
export function formatCents(usd: number): string {
  return `$${usd.toFixed(2)}`;
}

/** Round to 6 decimal places, because a sum such as 0.1 + 0.2 has meaningless further digits. */
export function rounded(amount: number): number {
  return Number.isInteger(amount) ? amount : Number(amount.toFixed(6));
}

/** Format a number: `1,234,567`. */
export function formatNumber(amount: number): string {
  return amount.toLocaleString("en-US");
}

/** Format a number with its noun: `1 turn`, `6,300 tokens`, `2 replies`. */
export function formatCount(amount: number, one: string, many = `${one}s`): string {
  return `${formatNumber(amount)} ${amount === 1 ? one : many}`;
}

/** Format an approximate number of tokens: `950`, `12.3k`, `4.1M`. */
export function formatShort(amount: number): string {
  if (amount < 1000) return String(Math.round(amount));
  const [size, unit] = amount < 999_950 ? [1000, "k"] : [1_000_000, "M"];
  const value = amount / size;
  return `${value < 99.95 ? value.toFixed(1).replace(/\.0$/, "") : Math.round(value)}${unit}`;
}
