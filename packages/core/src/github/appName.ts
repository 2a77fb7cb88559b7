/** Return whether it is the account of a GitHub App, such as `tac8[bot]`: GitHub gives no user a name with brackets. Pure. */
export function isAppName(login: string): boolean {
  return /^[\w.-]{1,100}\[bot\]$/.test(login);
}
