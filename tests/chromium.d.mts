export function launchChromium(): Promise<import('playwright-core').Browser>;
