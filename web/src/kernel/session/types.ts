export interface User {
  id: number;
  username: string;
  email: string | null;
  role: "admin" | "user";
  grade: string;
  is_active: boolean;
  quota_bytes: number | null;
  avatar_url: string | null;
  created_at: string;
  updated_at: string;
}

export interface Settings {
  theme: "system" | "light" | "dark";
  language: string;
}

/** Everything the first paint needs, in one answer. */
export interface Bootstrap {
  user: User | null;
  /** What this server offers, and whether this browser sits at it (`local`). */
  features: Record<string, boolean>;
  settings: Settings | null;
  language: string;
  version: string;
  setup_required: boolean;
}
