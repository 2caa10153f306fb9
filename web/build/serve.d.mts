export interface Served {
  address: string;
  close(): Promise<void>;
}

/** Serves a folder (default site/) on loopback; port 0, the default, takes a free one. */
export function serve(options?: { folder?: string; port?: number }): Promise<Served>;
