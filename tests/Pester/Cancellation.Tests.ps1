# What is stopped ends at once, and with it the connection: the server sees it close.
BeforeAll {
    . (Join-Path $PSScriptRoot 'lib' 'Peers.ps1')

    # A server on loopback that takes connections and never answers.
    function Start-SilentServer {
        $server = @{ Listener = [Net.Sockets.TcpListener]::new([Net.IPAddress]::Loopback, 0) }
        $server.Listener.Start()
        $server.Host = "127.0.0.1:$($server.Listener.LocalEndpoint.Port)"
        $server
    }

    # Whether the other side of a connection closed it within the seconds. .NET keeps a connection that was made when nobody wanted it any
    # more; such a one carries no request.
    function Wait-Closed([Net.Sockets.Socket] $Socket, [double] $Seconds, [switch] $OrUnused) {
        $buffer = [byte[]]::new(65536)
        $Socket.ReceiveTimeout = [int]($Seconds * 1000)
        $isUnused = $OrUnused.IsPresent
        try { while ($Socket.Receive($buffer) -gt 0) { $isUnused = $false } ; $true }
        catch [Net.Sockets.SocketException] { $isUnused -or $_.Exception.SocketErrorCode -eq 'ConnectionReset' }
    }
}

Describe 'Stopping' {
    It 'ends <Command> within two seconds of Ctrl+C, and its connection with it' -ForEach @(
        @{ Command = 'Get-ImageDigest' }, @{ Command = 'Get-ImageManifest' }, @{ Command = 'Get-ImageConfig' }, @{ Command = 'Get-ImageHistory' }
        @{ Command = 'Get-ImageLayer' }, @{ Command = 'Get-LayerSize' }, @{ Command = 'Get-ImageReferrer' }, @{ Command = 'Export-ImageLayers' }
        @{ Command = 'Get-ImageFile' }, @{ Command = 'Get-ImageContent' }, @{ Command = 'Compare-Image' }, @{ Command = 'Expand-Image' }, @{ Command = 'Measure-Image' }, @{ Command = 'Test-Image' }, @{ Command = 'Copy-Image' }, @{ Command = 'Add-ImageTag' }, @{ Command = 'New-ImageIndex' }, @{ Command = 'Connect-ImageRegistry' }, @{ Command = 'Remove-Image' }
    ) {
        $server = Start-SilentServer
        $shell = [powershell]::Create()
        try {
            $null = $shell.AddCommand('Import-Module').AddParameter('Name', (Join-Path $World.ModulePath 'OciTools.psd1')).AddStatement().
                AddCommand($Command)
            if ($Command -eq 'Connect-ImageRegistry') { $null = $shell.AddParameter('Registry', $server.Host).AddParameter('Credential', [pscredential]::new('a', (ConvertTo-SecureString b -AsPlainText -Force))) }
            else { $null = $shell.AddParameter('Image', "$($server.Host)/never:1") }
            if ($Command -eq 'Get-ImageContent') { $null = $shell.AddParameter('FilePath', '/etc/os-release') }
            if ($Command -eq 'Compare-Image') { $null = $shell.AddParameter('ReferenceImage', "$($server.Host)/never:2") }
            if ($Command -eq 'Add-ImageTag') { $null = $shell.AddParameter('Tag', 'x') }
            if ($Command -in 'Copy-Image', 'New-ImageIndex') { $null = $shell.AddParameter('Destination', "oci:$(Join-Path $TestDrive 'stopped'):x") }
            if ($Command -in 'Export-ImageLayers', 'Expand-Image') { $null = $shell.AddParameter('Destination', (Join-Path $TestDrive 'stopped')) }
            $running = $shell.BeginInvoke()
            $accepting = $server.Listener.AcceptSocketAsync()
            $accepting.Wait(20000) | Should -BeTrue -Because 'the command asks the server'
            $socket = $accepting.Result
            $null = $socket.Receive([byte[]]::new(4096)) # the request is on its way
            $clock = [Diagnostics.Stopwatch]::StartNew()
            $shell.Stop()
            $clock.Elapsed.TotalSeconds | Should -BeLessThan 2
            Wait-Closed $socket 2 | Should -BeTrue
            $running.AsyncWaitHandle.WaitOne(2000) | Should -BeTrue
            Join-Path $TestDrive 'stopped' | Should -Not -Exist
        }
        finally { $shell.Dispose(); $server.Listener.Stop() }
    }

    It 'ends Clear-ImageStore within two seconds of Ctrl+C while it waits for the engine' {
        $server = Start-SilentServer
        $shell = [powershell]::Create()
        $before = $env:DOCKER_HOST
        try {
            $env:DOCKER_HOST = "tcp://$($server.Host)"
            $null = $shell.AddCommand('Import-Module').AddParameter('Name', (Join-Path $World.ModulePath 'OciTools.psd1')).AddStatement().
                AddCommand('Clear-ImageStore').AddParameter('Store', 'docker-daemon:')
            $running = $shell.BeginInvoke()
            $accepting = $server.Listener.AcceptSocketAsync()
            $accepting.Wait(20000) | Should -BeTrue -Because 'the command asks the engine'
            $null = $accepting.Result.Receive([byte[]]::new(4096))
            $clock = [Diagnostics.Stopwatch]::StartNew()
            $shell.Stop()
            $clock.Elapsed.TotalSeconds | Should -BeLessThan 2
            Wait-Closed $accepting.Result 2 | Should -BeTrue
            $running.AsyncWaitHandle.WaitOne(2000) | Should -BeTrue
        }
        finally { $env:DOCKER_HOST = $before; $shell.Dispose(); $server.Listener.Stop() }
    }

    It 'ends Clear-ImageStore within two seconds of Ctrl+C while it waits for the lock of a layout' {
        if (-not (Get-Command flock -CommandType Application -ErrorAction Ignore)) { Set-ItResult -Skipped -Because 'flock is not to be had here'; return }
        $layout = Join-Path $TestDrive 'locked'
        $null = Copy-Image "oci:$($World.Sample):1.0" "oci:${layout}:x"
        $lost = Join-Path $layout 'blobs' 'sha256' ('c' * 64)
        Set-Content $lost 'lost'
        $holder = Start-Process flock -ArgumentList '-x', '-o', "$layout/.ocitools/lock", 'sleep', '30' -PassThru
        $shell = [powershell]::Create()
        try {
            do { flock -n "$layout/.ocitools/lock" true } until ($LASTEXITCODE -ne 0)
            $null = $shell.AddCommand('Import-Module').AddParameter('Name', (Join-Path $World.ModulePath 'OciTools.psd1')).AddStatement().
                AddCommand('Clear-ImageStore').AddParameter('Store', "oci:$layout")
            $running = $shell.BeginInvoke()
            Start-Sleep -Milliseconds 1500
            $running.IsCompleted | Should -BeFalse
            $clock = [Diagnostics.Stopwatch]::StartNew()
            $shell.Stop()
            $clock.Elapsed.TotalSeconds | Should -BeLessThan 2
            $running.AsyncWaitHandle.WaitOne(2000) | Should -BeTrue
            $lost | Should -Exist
        }
        finally { $shell.Dispose(); $holder.Kill($true) }
    }

    It 'ends what still runs when the next command has enough' {
        Skip-Without Registry
        $server = Start-SilentServer
        try {
            $clock = [Diagnostics.Stopwatch]::StartNew()
            $first = "$($World.Registry)/fixture/multi:1.0", "$($server.Host)/never:1" | Get-ImageDigest | Select-Object -First 1
            $clock.Elapsed.TotalSeconds | Should -BeLessThan 5
            $first.Digest | Should -BeExactly (Get-PeerDigest "docker://$($World.Registry)/fixture/multi:1.0")
            if ($server.Listener.Pending()) { Wait-Closed $server.Listener.AcceptSocket() 2 -OrUnused | Should -BeTrue }
        }
        finally { $server.Listener.Stop() }
    }

    It 'writes the results of an input before the next is read with -ThrottleLimit 1' {
        Skip-Without Registry
        $order = [Collections.Generic.List[string]]::new()
        1..3 | ForEach-Object { $order.Add("in $_"); "$($World.Registry)/fixture/multi:1.0" } |
            Get-ImageDigest -ThrottleLimit 1 | ForEach-Object { $order.Add('out') }
        $order | Should -Be 'in 1', 'out', 'in 2', 'out', 'in 3', 'out'
    }
}
