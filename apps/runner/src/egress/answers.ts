import type { ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

/** One line of ours as the whole answer; the connection ends with it. */
export function say(response: ServerResponse, status: number, line: string): void {
  if (response.headersSent || response.destroyed) return void response.destroy();
  const body = `${line}\n`;
  response.writeHead(status, {
    "content-type": "text/plain; charset=utf-8",
    "content-length": Buffer.byteLength(body),
    connection: "close",
  });
  response.end(body);
}

/** The same in the form of the model's API, which its clients show. */
export function sayAsApi(response: ServerResponse, status: number, line: string): void {
  if (response.headersSent || response.destroyed) return void response.destroy();
  const type = ERROR_TYPES[status] ?? "api_error";
  const body = JSON.stringify({ type: "error", error: { type, message: line } });
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    connection: "close",
  });
  response.end(body);
}

const ERROR_TYPES: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  403: "permission_error",
  404: "not_found_error",
  429: "rate_limit_error",
};

/** The same to a client that asked for a tunnel. `headers`: further ones, `Name: value`. */
export function sayOnSocket(socket: Duplex, status: string, line: string, headers: readonly string[] = []): void {
  const body = `${line}\n`;
  const length = `Content-Length: ${Buffer.byteLength(body)}`;
  const all = ["Content-Type: text/plain; charset=utf-8", length, ...headers, "Connection: close"];
  socket.end(
    `HTTP/1.1 ${status}\r\n${all.join("\r\n")}\r\n\r\n${body}`,
    () => socket.destroy(), // A client that keeps its side open has nothing more to say.
  );
}
