/** Everything that tac8 does with a repository; what it asks GitHub for in the App's manifest and in each token. */
export const APP_PERMISSIONS = {
  contents: "write",
  issues: "write",
  metadata: "read",
  pull_requests: "write",
} as const;

const NAMES: Readonly<Record<keyof typeof APP_PERMISSIONS, string>> = {
  contents: "Contents",
  issues: "Issues",
  metadata: "Metadata",
  pull_requests: "Pull requests",
};

/** Return the permissions that an installation lacks, as GitHub names them to people. Pure. */
export function missingPermissions(granted: Readonly<Record<string, string>>): string[] {
  return (Object.keys(APP_PERMISSIONS) as (keyof typeof APP_PERMISSIONS)[])
    .filter((name) => !covers(granted[name], APP_PERMISSIONS[name]))
    .map((name) => NAMES[name]);
}

function covers(granted: string | undefined, wanted: string): boolean {
  return granted === "write" || granted === "admin" || granted === wanted;
}
