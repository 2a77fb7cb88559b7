/** There is no such thing on this board; the message is for the reader, and holds nothing that a stranger wrote. */
export class NotFound extends Error {
  override readonly name = "NotFound";
}
