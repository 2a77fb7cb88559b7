/** An output for lines. */
export interface Output {
  /** Print one line or several. A newline is added at the end. */
  line(text: string): void;
  /** Width of the terminal; null: the output is not a terminal. */
  readonly columns: number | null;
  readonly color: boolean;
}
