<?php
// What a user of sabre/dav writes: a directory, with locks and the filter for temporary files.
require_once 'Sabre/autoload.php';

$server = new Sabre\DAV\Server(new Sabre\DAV\FS\Directory(getenv('SABRE_DATA')));
$server->setBaseUri('/');
$server->addPlugin(new Sabre\DAV\Locks\Plugin(new Sabre\DAV\Locks\Backend\File(getenv('SABRE_HOME') . '/locks')));
$server->addPlugin(new Sabre\DAV\TemporaryFileFilterPlugin(getenv('SABRE_HOME') . '/filtered'));
$server->exec();
