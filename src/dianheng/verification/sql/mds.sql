-- Middle tables of the State Grid verification system (MDS), as a schema beside ours: a bench's
-- own software reads its tasks here and writes its results here, with a role of its own.
-- Names of tables and of the common columns are those seen in several public code bases of
-- benches; columns marked "own" are ours (docs/reference/bench-upload.md). All values are text,
-- as benches write them; nothing here is evidence: what is taken over is kept by the upload.
create schema mds;

-- What stands on the benches: written by us, read by the bench.
create table mds.mt_detect_out_equip (
    id bigint generated always as identity primary key,
    detect_task_no text not null,
    bar_code text not null,
    attempt integer not null,  -- own
    load_no text not null,     -- own
    equip_categ text not null default '01',
    sys_no text not null default '',
    detect_equip_no text not null,
    detect_unit_no text not null default '',
    position_no text not null,
    is_valid text not null default '1',
    write_date timestamp not null default localtimestamp,
    handle_flag text not null default '0',
    handle_date timestamp,
    unique (detect_task_no, bar_code, attempt)
);
create table mds.mt_meter (
    bar_code text primary key,
    made_no text not null default '',
    model_code text not null default '',
    manufacturer text not null default '',
    mea_name text not null default '',
    ap_pre_level_code text not null default '',
    rp_pre_level_code text not null default '',
    wiring_mode text not null default '',
    con_mode text not null default '',
    volt_code text not null default '',
    rated_current text not null default '',
    freq text not null default '',
    ap_const text not null default '',
    rp_const text not null default '',
    comm_prot_code text not null default '',
    comm_addr text not null default '',
    price_preset text not null default '',  -- own
    write_date timestamp not null default localtimestamp,
    handle_flag text not null default '0',
    handle_date timestamp
);

-- What the bench found: one table for each kind of item, all with the common columns.
create function mds.make_conclusions(name text, own text) returns void language plpgsql as $$
begin
    execute format($f$
        create table mds.%I (
            id bigint generated always as identity primary key,
            detect_task_no text not null,
            equip_categ text, sys_no text, detect_equip_no text, detect_unit_no text,
            position_no text,
            bar_code text not null,
            detect_date text, para_index text, detect_item_point text,
            is_valid text default '1',
            conc_code text,
            write_date timestamp default localtimestamp,
            handle_flag text default '0',
            handle_date timestamp%s
        )$f$, name, own);
    execute format('create index on mds.%I (detect_task_no, bar_code)', name);
end $$;
select mds.make_conclusions('mt_intuit_met_conc', ', remark text');
select mds.make_conclusions('mt_basicerr_met_conc',
    ', both_way_power_flag text, iabc text, load_current text, load_voltage text, freq text, pf text,
       detect_circle text, simpling text, error text, ave_err text, int_convert_err text,
       err_up text, err_down text');
select mds.make_conclusions('mt_const_met_conc',
    ', both_way_power_flag text, load_current text, pf text, start_value text, end_value text,
       ele_increment text, std_increment text, detect_circle text');
select mds.make_conclusions('mt_starting_met_conc',
    ', both_way_power_flag text, load_current text, test_time text, detect_circle text');
select mds.make_conclusions('mt_creeping_met_conc',
    ', both_way_power_flag text, load_voltage text, test_time text, detect_circle text');
select mds.make_conclusions('mt_dayerr_met_conc',
    ', simpling text, error text, avg_err text, int_convert_err text, err_up text, err_down text');
select mds.make_conclusions('mt_measure_repeat_met_conc',
    ', both_way_power_flag text, iabc text, load_current text, pf text, simpling text, error text,
       deviation_limt text');
select mds.make_conclusions('mt_deviation_met_conc',
    ', both_way_power_flag text, iabc text, load_current text, pf text, simpling text, error text,
       deviation_limt text');
select mds.make_conclusions('mt_influence_qty_met_conc',
    ', both_way_power_flag text, iabc text, load_current text, pf text, effect_test_item text,
       simpling text, error text');
-- Own: every item that the tables above have no place for, by its name in the upload format.
select mds.make_conclusions('mt_item_met_conc',
    ', item text, both_way_power_flag text, iabc text, load_current text, pf text, samples text,
       unit text, facts text, remark text');
-- The overall result of a meter: the row that says that all others are there.
select mds.make_conclusions('mt_detect_rslt',
    ', temp text, humidity text, detect_person text, audit_person text, cert_no text,
       intuit_conc_code text, basicerr_conc_code text, const_conc_code text,
       starting_conc_code text, creeping_conc_code text, dayerr_conc_code text,
       power_conc_code text, volt_conc_code text, standard_conc_code text, wave_conc_code text,
       error_conc_code text, consist_conc_code text, variation_conc_code text,
       mea_rep_conc_code text, left_seal text, right_seal text, handle_info text');
create view mds.mt_detect_met_rslt as select * from mds.mt_detect_rslt;
create index mt_detect_rslt_waiting on mds.mt_detect_rslt (id) where handle_flag is distinct from '1';
drop function mds.make_conclusions(text, text);

-- The program itself: what its role may in our tables tells who it is.
do $$
declare
    role_ record;
begin
    for role_ in
        select distinct grantee from information_schema.role_table_grants
         where table_schema = 'public' and table_name = 'verification_verificationtask'
           and grantee <> current_user
    loop
        execute format('grant usage on schema mds to %I', role_.grantee);
        execute format('grant select, insert, update, delete on all tables in schema mds to %I', role_.grantee);
        execute format('grant usage on all sequences in schema mds to %I', role_.grantee);
    end loop;
end $$;

-- Lets the role of a bench's software in: to its middle tables and to nothing else. Run by the
-- owner after a DBA has made the role. Without usage of the schema public it sees none of ours.
create function mds_admit(role_name text) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if exists (select from pg_roles where rolname = role_name
                  and (rolsuper or pg_has_role(oid, current_user, 'member'))) then
        raise exception 'role % could read more than the middle tables', role_name;
    end if;
    revoke usage on schema public from public;
    execute format('revoke all on schema public from %I', role_name);
    execute format('grant usage on schema mds to %I', role_name);
    execute format('grant select, insert, update, delete on all tables in schema mds to %I', role_name);
    execute format('revoke insert, update, delete on mds.mt_detect_out_equip, mds.mt_meter from %I', role_name);
    execute format('grant update (handle_flag, handle_date) on mds.mt_detect_out_equip, mds.mt_meter to %I', role_name);
    execute format('grant usage on all sequences in schema mds to %I', role_name);
end $$;
revoke execute on function mds_admit(text) from public;
