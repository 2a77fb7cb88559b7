/** `8 s`, `3 min 20 s`, `1 h 5 min`: how long work took. */
export function formatDuration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** `8 s`, `3 min`, `1 h 5 min`, `2 d 3 h`: without seconds beside minutes. Never negative, as two clocks may differ a little. */
export function formatRoughly(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** `8 s`, `3 min`, `5 h`, `12 d`: an age, in one unit. Never negative, as two clocks may differ a little. */
export function formatAge(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} d`;
}

/** `$0.42`, `$0.0042` where cents say too little, and `$1,235` where they say too much: one amount in a text. */
export function formatUsd(usd: number): string {
  if (usd === 0) return "$0";
  return usd < 1000 ? `$${usd.toFixed(usd < 0.1 ? 4 : 2)}` : `$${formatNumber(Math.round(usd))}`;
}

/** `$0.42`, always with cents: for columns, sums and limits. */
export function formatCents(usd: number): string {
  return `$${usd.toFixed(2)}`;
}

/** To 6 digits after the point: sums of amounts such as 0.1 + 0.2 have more that nobody meant. */
export function rounded(amount: number): number {
  return Number.isInteger(amount) ? amount : Number(amount.toFixed(6));
}

/** `1,234,567`. */
export function formatNumber(amount: number): string {
  return amount.toLocaleString("en-US");
}

/** `1 turn`, `6,300 tokens`, `2 replies`. */
export function formatCount(amount: number, one: string, many = `${one}s`): string {
  return `${formatNumber(amount)} ${amount === 1 ? one : many}`;
}

/** `950`, `12.3k`, `4.1M`: tokens, where the exact number has no use. */
export function formatShort(amount: number): string {
  if (amount < 1000) return String(Math.round(amount));
  const [size, unit] = amount < 999_950 ? [1000, "k"] : [1_000_000, "M"];
  const value = amount / size;
  return `${value < 99.95 ? value.toFixed(1).replace(/\.0$/, "") : Math.round(value)}${unit}`;
}
