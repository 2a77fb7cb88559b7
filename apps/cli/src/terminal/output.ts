/** Where lines for people go. */
export interface Output {
  /** One line, or several; the newline at the end is added. */
  line(text: string): void;
  /** Width of the terminal; null where the output is no terminal. */
  readonly columns: number | null;
  readonly color: boolean;
}
