export { short } from "@tac8/core/look/figures";

/** `$0.42`. */
export function dollars(amount: number): string {
  return `$${amount.toFixed(2)}`;
}
