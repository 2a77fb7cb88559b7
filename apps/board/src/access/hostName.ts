/** Return the host name in a `Host` header, without the port; null if the header is missing or invalid. */
export function hostName(header: string | undefined): string | null {
  const match = /^(\[[0-9a-f:.]{2,45}\]|[a-z0-9._-]{1,253})(?::\d{1,5})?$/i.exec(header ?? "");
  return match?.[1] ?? null;
}
