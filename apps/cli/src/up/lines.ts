import { StringDecoder } from "node:string_decoder";
import type { Readable } from "node:stream";

const MAX_LINE = 256 * 1024;

/** Call `take` with each line of a stream, without its newline. Lines are truncated after 256 Ki characters. */
export function onLines(stream: Readable, take: (line: string) => void): void {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  const feed = (text: string): void => {
    const parts = text.split("\n");
    parts.forEach((part, index) => {
      rest = (rest + part).slice(0, MAX_LINE);
      if (index === parts.length - 1) return;
      take(rest);
      rest = "";
    });
  };
  stream.on("data", (chunk: Buffer) => feed(decoder.write(chunk)));
  stream.on("end", () => {
    feed(decoder.end());
    if (rest !== "") take(rest);
  });
}
