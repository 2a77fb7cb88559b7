import type { ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

/** Send one line from tac8 as the complete answer, and close the connection. */
export function sendLine(response: ServerResponse, status: number, line: string): void {
  if (response.headersSent || response.destroyed) return void response.destroy();
  const body = `${line}\n`;
  response.writeHead(status, {
    "content-type": "text/plain; charset=utf-8",
    "content-length": Buffer.byteLength(body),
    connection: "close",
  });
  response.end(body);
}

/** Send one line in the format of the model's API, so that its clients show it. */
export function sendApiError(response: ServerResponse, status: number, line: string): void {
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

/** Send one line to a client that requested a tunnel. `headers`: further ones, `Name: value`. */
export function sendLineOnSocket(socket: Duplex, status: string, line: string, headers: readonly string[] = []): void {
  const body = `${line}\n`;
  const length = `Content-Length: ${Buffer.byteLength(body)}`;
  const all = ["Content-Type: text/plain; charset=utf-8", length, ...headers, "Connection: close"];
  socket.end(
    `HTTP/1.1 ${status}\r\n${all.join("\r\n")}\r\n\r\n${body}`,
    () => socket.destroy(), // The answer is complete, so a client that keeps its side open is disconnected.
  );
}
