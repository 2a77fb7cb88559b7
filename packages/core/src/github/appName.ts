/** Return whether a login is the account of a GitHub App, such as `tac8[bot]`: names of users cannot contain brackets. Pure. */
export function isAppName(login: string): boolean {
  return /^[\w.-]{1,100}\[bot\]$/.test(login);
}
