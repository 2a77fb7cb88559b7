/** Everything that tac8 needs in a repository: requested in the App's manifest, and in each token. */
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

/**
 * Return the permissions to request for a token: `APP_PERMISSIONS`, and Workflows where an operator has granted that, because
 * GitHub refuses a push that changes workflows without it. Pure.
 */
export function tokenPermissions(granted: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return mayChangeWorkflows(granted) ? { ...APP_PERMISSIONS, workflows: "write" } : APP_PERMISSIONS;
}

/** Return whether the granted permissions allow changes of workflows. Pure. */
export function mayChangeWorkflows(granted: Readonly<Record<string, string>>): boolean {
  return granted["workflows"] === "write";
}

/** Return the permissions that an installation lacks, by the names in GitHub's web interface. Pure. */
export function missingPermissions(granted: Readonly<Record<string, string>>): string[] {
  return (Object.keys(APP_PERMISSIONS) as (keyof typeof APP_PERMISSIONS)[])
    .filter((name) => !covers(granted[name], APP_PERMISSIONS[name]))
    .map((name) => NAMES[name]);
}

function covers(granted: string | undefined, wanted: string): boolean {
  return granted === "write" || granted === "admin" || granted === wanted;
}
