import { cx } from "./cx";

interface AvatarProps {
  user: { username: string; avatar_url: string | null };
  className?: string;
}

/** A person's picture, else the first letter of the name; the name stands beside it, so it says nothing. */
export function Avatar({ user, className }: AvatarProps) {
  if (user.avatar_url) return <img className={cx("avatar", className)} src={user.avatar_url} alt="" />;
  return (
    <span className={cx("avatar", className)} aria-hidden>
      {user.username.slice(0, 1).toUpperCase()}
    </span>
  );
}
