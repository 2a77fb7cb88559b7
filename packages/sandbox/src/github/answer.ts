import type { Readable } from "node:stream";

/** Answer over HTTP. `stream` is for git, whose answers may not fit in memory. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  readonly stream?: Readable;
}

/** An error in the format of GitHub's API. */
export class ApiError extends Error {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    message: string,
    extra: { body?: Record<string, unknown>; headers?: Record<string, string> } = {},
  ) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.body = {
      message,
      ...extra.body,
      documentation_url: "https://docs.github.com/rest",
      status: String(status),
    };
    this.headers = extra.headers ?? {};
  }
}

export const notFound = (): ApiError => new ApiError(404, "Not Found");

/** `accepted`: the permissions that the call takes, as GitHub names them in a header. */
export const forbidden = ({ app = false, accepted = "" } = {}): ApiError =>
  new ApiError(403, `Resource not accessible by ${app ? "integration" : "personal access token"}`, {
    headers: accepted === "" ? {} : { "x-accepted-github-permissions": accepted },
  });

/** 422 as GitHub words it; each error has at least `resource`, `field` and `code`. */
export function invalid(...errors: readonly Record<string, string>[]): ApiError {
  return new ApiError(422, "Validation Failed", { body: { errors } });
}

export function json(status: number, value: unknown, headers: Record<string, string> = {}): Answer {
  return {
    status,
    headers: { "content-type": "application/json; charset=utf-8", ...headers },
    body: JSON.stringify(value),
  };
}
