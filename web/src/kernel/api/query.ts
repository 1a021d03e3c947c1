import { QueryClient } from "@tanstack/react-query";
import { Problem } from "./problem";

const MOST_RETRIES = 2;

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      retry: (failures, error) => failures < MOST_RETRIES && isWorthRetrying(error),
      networkMode: "always",
    },
    mutations: { networkMode: "always" },
  },
});

function isWorthRetrying(error: unknown): boolean {
  return error instanceof Problem && (error.code === "offline" || error.status === 503);
}
