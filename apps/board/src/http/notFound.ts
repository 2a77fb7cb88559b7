/** The requested page or issue does not exist. The message is shown to the reader and contains no text of strangers. */
export class NotFound extends Error {
  override readonly name = "NotFound";
}
