-- +goose Up
-- Subtypes of machine accounts with the settings for asking for accounts and for deleting them. The delete_ columns are
-- null while the settings of the source apply.

create table source_subtype (
  id text not null primary key,
  source_id text not null references source (id) on delete cascade,
  technical_name text not null,
  technical_name_key text not null,
  display_name text not null,
  display_name_key text not null,
  description text not null,
  system_managed boolean not null,
  create_enabled boolean not null,
  create_approval_required boolean not null,
  create_approvers text not null,
  create_comments text not null,
  form_id text,
  entitlement_id text,
  password_setting text not null,
  password_attribute text not null,
  delete_approval_required boolean,
  delete_approvers text,
  delete_comments text,
  created bigint not null,
  modified bigint not null
);
create unique index source_subtype_name on source_subtype (source_id, technical_name_key);
create index source_subtype_technical_name on source_subtype (technical_name_key, id);
create index source_subtype_display_name on source_subtype (display_name_key, id);
create index source_subtype_form on source_subtype (form_id) where form_id is not null;

create table source_approval (
  source_id text not null references source (id) on delete cascade,
  type text not null,
  approval_required boolean not null,
  approvers text not null,
  comments text not null,
  primary key (source_id, type)
);

-- The governance groups that settings name as approvers: of a subtype, or of the source itself where that is null.
create table approver_workgroup (
  workgroup_id text not null,
  source_id text not null references source (id) on delete cascade,
  subtype_id text references source_subtype (id) on delete cascade
);
create index approver_workgroup_group on approver_workgroup (workgroup_id);
create index approver_workgroup_object on approver_workgroup (source_id, subtype_id);

-- The accounts of a subtype, for when it gets another display name or goes.
create index account_subtype on account (source_id, subtype_key, id) where subtype_key is not null;
