-- +goose Up
-- What accounts are made with. A policy belongs to a source or to one of its subtypes; its fields are a JSON list.

create table provisioning_policy (
  id text not null primary key,
  source_id text not null references source (id) on delete cascade,
  subtype_id text references source_subtype (id) on delete cascade,
  usage_type text not null,
  name text not null,
  description text not null,
  fields text not null,
  created bigint not null,
  modified bigint not null
);
create unique index provisioning_policy_usage on provisioning_policy (source_id, usage_type) where subtype_id is null;
create unique index provisioning_policy_subtype on provisioning_policy (subtype_id, usage_type) where subtype_id is not null;
create index provisioning_policy_source on provisioning_policy (source_id, id);

-- The names that unfinished requests have chosen for new accounts: no two of them choose the same.
create table planned_account (
  source_id text not null references source (id) on delete cascade,
  name_key text not null,
  request_id text not null,
  primary key (source_id, name_key)
);
create index planned_account_request on planned_account (request_id);

-- Generated passwords, sealed, until their owner has fetched them or they expire.
create table account_password (
  request_id text not null primary key,
  owner_id text not null,
  sealed text,
  ready boolean not null,
  expires bigint not null
);
create index account_password_expires on account_password (expires);

-- What a person has to do on a source whose connector cannot.
create table work_item (
  id text not null primary key,
  request_id text not null,
  source_id text not null references source (id) on delete cascade,
  type text not null,
  status text not null,
  subject text not null,
  subject_key text not null,
  details text not null,
  native_identity text not null,
  comment text not null,
  completed_by text,
  completed bigint,
  created bigint not null,
  modified bigint not null
);
create index work_item_source on work_item (source_id, id);
create unique index work_item_request on work_item (request_id);

-- Subtypes from before have no policy yet; their ids serve for it, which makes this the same on every run.
insert into provisioning_policy (id, source_id, subtype_id, usage_type, name, description, fields, created, modified)
select id, source_id, id, 'CREATE_MACHINE_ACCOUNT', 'Create account - ' || display_name, '', '[]', created, created from source_subtype;
