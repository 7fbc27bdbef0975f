-- +goose Up
-- Requests for machine accounts and for the deletion of accounts. Nothing refers to them and they refer to nothing by
-- foreign keys: they outlive what they are about. body is all of the request but its provisioning.

create table account_request (
  id text not null primary key,
  type text not null,
  requester_id text not null,
  owner_id text,
  source_id text not null,
  account_id text,
  approval_id text,
  status text not null,
  body text not null,
  provisioning text not null,
  created bigint not null,
  completed bigint,
  modified bigint not null
);
create index account_request_requester on account_request (requester_id, id);
create index account_request_owner on account_request (owner_id, id);
create index account_request_source on account_request (source_id, id);
create index account_request_status on account_request (status, id);
create index account_request_type on account_request (type, id);
create index account_request_created on account_request (created, id);
create index account_request_completed on account_request (completed, id);
create index account_request_approval on account_request (approval_id) where approval_id is not null;
create unique index account_request_deletion on account_request (account_id) where type = 'DELETE_ACCOUNT' and status = 'PENDING';

-- By what a request is known that somebody sends again: the key that the client gave it, or a digest of what it asks for.
create table account_request_key (
  requester_id text not null,
  replay_key text not null,
  digest text not null,
  request_id text not null,
  created bigint not null,
  primary key (requester_id, replay_key)
);
create index account_request_key_created on account_request_key (created);
