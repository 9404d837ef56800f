// What a user of the npm package webdav-server writes: node npm_server.js PACKAGE DIRECTORY PORT
const [, , packageDirectory, directory, port] = process.argv;
const { v2: webdav } = require(packageDirectory);

const server = new webdav.WebDAVServer({ hostname: '127.0.0.1', port: Number(port) });
server.setFileSystem('/', new webdav.PhysicalFileSystem(directory), () => server.start());
