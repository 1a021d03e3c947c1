// People of this server on the wire.
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { call, client, csrfHeaders } from "@/kernel/api/client";
import { queryClient } from "@/kernel/api/query";
import type { Delete, Get, Post, Put } from "@/kernel/api/shape";
import { confirmed } from "@/kernel/session/proof";
import type { User } from "@/kernel/session/types";

export const GRADES = ["superadmin", "admin", "operator", "user", "viewer"] as const;
export type Grade = (typeof GRADES)[number];

export interface People {
  users: User[];
  total: number;
  active: number;
  inactive: number;
  admins: number;
}

export interface NewPerson {
  username: string;
  password: string;
  email?: string;
  role: User["role"];
  grade: Grade;
  quota_bytes: number | null;
}

export type PersonChange = Partial<{
  email: string | null;
  password: string;
  role: User["role"];
  grade: Grade;
  is_active: boolean;
  quota_bytes: number | null;
}>;

type ById = { path: { id: number } };

interface Paths {
  "/api/users/{id}/avatar": Delete<unknown, undefined, ById>;
  "/api/users/": Get<People, { query: { search?: string; sort_by?: string; sort_order?: string } }> &
    Post<User, NewPerson>;
  "/api/users/{id}": Put<User, PersonChange, ById> & Delete<unknown, undefined, ById>;
}

const api = client<Paths>();

export function peopleQuery(search: string) {
  return queryOptions({
    queryKey: ["people", search],
    queryFn: () => call(api.GET("/api/users/", { params: { query: search ? { search } : {} } })),
    placeholderData: keepPreviousData,
  });
}

export async function addPerson(person: NewPerson): Promise<User> {
  return renewed(call(api.POST("/api/users/", { body: person })));
}

/** Changes an account; a new address of one's own asks for a proof first. */
export async function changePerson(id: number, change: PersonChange): Promise<User> {
  const act = () => call(api.PUT("/api/users/{id}", { params: { path: { id } }, body: change }));
  return renewed(confirmed(act));
}

export async function removePerson(id: number): Promise<unknown> {
  return renewed(call(api.DELETE("/api/users/{id}", { params: { path: { id } } })));
}

/** Administrators and owners administer; on the wire both have the role "admin". */
export function roleOf(grade: Grade): User["role"] {
  return grade === "admin" || grade === "superadmin" ? "admin" : "user";
}

export function gradeOf(user: User): Grade {
  return GRADES.find((grade) => grade === user.grade) ?? (user.role === "admin" ? "admin" : "user");
}

async function renewed<T>(answer: Promise<T>): Promise<T> {
  const value = await answer;
  await queryClient.invalidateQueries({ queryKey: ["people"] });
  return value;
}

/** Replaces a person's picture; the bytes go as they are, which the JSON client cannot do. */
export function setPicture(id: number, picture: Blob): Promise<unknown> {
  const send = async () => {
    const headers = { ...csrfHeaders(), "Content-Type": picture.type };
    const response = await fetch(`/api/users/${id}/avatar`, { method: "POST", headers, body: picture });
    return { response, error: response.ok ? undefined : await response.text() };
  };
  return call(send());
}

export function removePicture(id: number) {
  return call(api.DELETE("/api/users/{id}/avatar", { params: { path: { id } } }));
}
